import { describe, expect, it } from '@jest/globals';
import { AwsError, type SigningName } from '../../../../local-cloud/image-services/service.ts';
import { awsJsonWire } from '../../../../local-cloud/image-services/wire/aws-json.ts';
import { ec2Wire } from '../../../../local-cloud/image-services/wire/ec2-query.ts';
import { restJsonWire } from '../../../../local-cloud/image-services/wire/rest-json.ts';
import { loadSchemas } from '../../../../local-cloud/image-services/wire/schemas.ts';

const WIRES = {
  ec2: ec2Wire(loadSchemas('ec2')),
  imagebuilder: restJsonWire(loadSchemas('imagebuilder')),
  inspector2: restJsonWire(loadSchemas('inspector2')),
  ssm: awsJsonWire(loadSchemas('ssm')),
};

/** Code and message that a request is refused with, or the input that was read. */
function read(
  service: SigningName,
  operation: string,
  request: { method?: string; path?: string; query?: string; body?: string },
): unknown {
  try {
    return WIRES[service].decode(operation, {
      method: request.method ?? 'POST',
      path: request.path ?? '/',
      query: new URLSearchParams(request.query),
      headers: {},
      body: Buffer.from(request.body ?? ''),
    });
  } catch (error) {
    if (error instanceof AwsError) return `${error.code}: ${error.message}`;
    throw error;
  }
}

describe('a request that the service does not understand', () => {
  it.each([
    ['Colour=red', 'UnknownParameter: The parameter Colour is not recognized'],
    ['Filter.1.Colour=red', 'UnknownParameter: The parameter Filter.1.Colour is not recognized'],
    ['Filter.one.Name=x', 'UnknownParameter: The parameter Filter.one is not recognized'],
    ['MaxResults=many', 'InvalidParameterValue: Value (many) for parameter MaxResults is invalid.'],
    ['IncludeDisabled=yes', 'InvalidParameterValue: Value (yes) for parameter IncludeDisabled is invalid.'],
  ])('is refused by EC2: %s', (body, refusal) => {
    expect(read('ec2', 'DescribeImages', { body: `Action=DescribeImages&${body}` })).toBe(refusal);
  });

  it('is refused by EC2 when something required is missing', () => {
    expect(read('ec2', 'CopyImage', { body: 'Action=CopyImage&Name=x&SourceRegion=eu-west-1' })).toBe(
      'MissingParameter: The request must contain the parameter SourceImageId',
    );
  });

  it('reads the items of a list in the order of their numbers', () => {
    const body = 'Action=DescribeImages&ImageId.10=ami-c&ImageId.2=ami-b&ImageId.1=ami-a';
    expect(read('ec2', 'DescribeImages', { body })).toEqual({ ImageIds: ['ami-a', 'ami-b', 'ami-c'] });
  });

  it('is refused by Image Builder, in the body and in the query', () => {
    const list = { path: '/ListImages' };
    expect(read('imagebuilder', 'ListImages', { ...list, body: '{"colour":"red"}' })).toMatch(
      /^InvalidParameterException: .*'colour'/,
    );
    expect(read('imagebuilder', 'ListImages', { ...list, body: '{"maxResults":"many"}' })).toMatch(
      /^InvalidParameterException: .*'maxResults'.*number/,
    );
    expect(read('imagebuilder', 'GetImage', { method: 'GET', path: '/GetImage' })).toMatch(
      /^InvalidParameterException: .*'imageBuildVersionArn'/,
    );
  });

  it('is refused by Systems Manager', () => {
    expect(read('ssm', 'SendCommand', { body: '{"Colour":"red"}' })).toMatch(/^SerializationException/);
    expect(read('ssm', 'SendCommand', { body: '{}' })).toMatch(/^ValidationException: .*'DocumentName'/);
    expect(read('ssm', 'SendCommand', { body: '{' })).toMatch(/^SerializationException/);
  });
});
