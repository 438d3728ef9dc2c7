import { AwsError, assertNever } from '../service.ts';
import { BadInput, type Complaint, parseBody, readMembers, writeStructure } from './json.ts';
import type { Schemas } from './schemas.ts';
import type { Wire } from './wire.ts';

const TYPE = 'application/x-amz-json-1.1';

/** The awsJson1_1 protocol: the operation is in `X-Amz-Target`, everything else in the body. */
export function awsJsonWire(schemas: Schemas): Wire {
  return {
    protocol: 'awsJson1_1',
    readOperation({ headers }) {
      const [prefix, name, ...rest] = (headers['x-amz-target'] ?? '').split('.');
      if (prefix !== schemas.targetPrefix || name === undefined || rest.length > 0) return undefined;
      return schemas.operation(name) === undefined ? undefined : name;
    },
    decode(operation, request) {
      const schema = schemas.operation(operation);
      if (schema === undefined) throw new Error(`There is no operation ${operation}.`);
      try {
        return readMembers(schema.input.members, schema.input.required, parseBody(request.body), '');
      } catch (error) {
        if (error instanceof BadInput) throw complain(error.complaint);
        throw error;
      }
    },
    encode(operation, output, requestId) {
      const schema = schemas.operation(operation);
      if (schema === undefined) throw new Error(`There is no operation ${operation}.`);
      return {
        status: 200,
        headers: { 'content-type': TYPE, 'x-amzn-requestid': requestId },
        body: JSON.stringify(writeStructure(schema.output, output, operation)),
      };
    },
    encodeError: (error, requestId) => ({
      status: error.status,
      headers: { 'content-type': TYPE, 'x-amzn-requestid': requestId },
      body: JSON.stringify({ __type: error.code, message: error.message }),
    }),
  };
}

function complain(complaint: Complaint): AwsError {
  const { path } = complaint;
  switch (complaint.kind) {
    case 'missing':
      return new AwsError(
        'ValidationException',
        `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
      );
    case 'unknown':
      return new AwsError('SerializationException', `The parameter '${path}' is not known.`);
    case 'type':
      return new AwsError('SerializationException', `The value of '${path}' is no ${complaint.expected}.`);
    default:
      return assertNever(complaint);
  }
}
