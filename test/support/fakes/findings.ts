import type { Vulnerability } from '../../../shared/domain/packages/vulnerabilities.ts';
import type { Documents } from '../../../shared/ports/documents.ts';
import type { Findings } from '../../../shared/ports/vulnerabilities.ts';

/** Inspector as far as it is asked: findings that are there until they are closed. */
export interface FakeFindings extends Findings {
  publish(vulnerability: Vulnerability): void;
  close(arn: string): void;
  /** How often it was asked. */
  readonly asked: () => number;
}

export function fakeFindings(pageSize = 2): FakeFindings {
  const open = new Map<string, Vulnerability>();
  let asked = 0;
  return {
    publish: (vulnerability) => void open.set(vulnerability.arn, vulnerability),
    close: (arn) => void open.delete(arn),
    asked: () => asked,
    async read(arns) {
      asked += 1;
      return arns.flatMap((arn) => open.get(arn) ?? []);
    },
    async list(after) {
      asked += 1;
      const start = Number(after ?? 0);
      const all = [...open.values()];
      return {
        findings: all.slice(start, start + pageSize),
        ...(start + pageSize < all.length ? { cursor: String(start + pageSize) } : {}),
      };
    },
  };
}

export function fakeDocuments(): Documents & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    put: async (key, body) => void texts.set(key, body),
    get: async (key) => texts.get(key),
  };
}
