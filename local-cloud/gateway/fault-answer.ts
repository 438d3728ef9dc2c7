import { randomUUID } from 'node:crypto';
import type { Answer } from './http.ts';

export interface InjectedError {
  code: string;
  message?: string | undefined;
  status?: number | undefined;
}

const queryServices = new Set(['sns', 'sts', 'iam', 'cloudformation', 'autoscaling', 'elasticloadbalancing']);
const restJsonServices = new Set(['lambda', 'scheduler', 'apigateway', 'execute-api']);

/** An injected error in the wire format of the service, which the SDK reads as the service's own error. */
export function faultAnswer(service: string, error: InjectedError): Answer {
  const requestId = randomUUID();
  const message = error.message ?? `Injected: ${error.code}`;
  const status = error.status ?? defaultStatus(error.code);
  if (service === 's3') {
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${xml(error.code)}</Code><Message>${xml(message)}</Message><RequestId>${requestId}</RequestId></Error>`;
    return { status, headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId }, body };
  }
  if (queryServices.has(service)) {
    const body = `<ErrorResponse><Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type><Code>${xml(error.code)}</Code><Message>${xml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return { status, headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId }, body };
  }
  return {
    status,
    headers: {
      'content-type': restJsonServices.has(service) ? 'application/json' : 'application/x-amz-json-1.0',
      'x-amzn-requestid': requestId,
      'x-amzn-errortype': error.code,
    },
    body: JSON.stringify({ __type: error.code, message }),
  };
}

function defaultStatus(code: string): number {
  return /^(Internal|Service|Unavailable)/.test(code) ? 500 : 400;
}

function xml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
