/** Evidence and other large JSON or text documents. Keys are paths such as `bakes/<id>/evidence-001.json`. */
export interface Documents {
  put(key: string, body: string, contentType: 'application/json' | 'text/plain'): Promise<void>;
  get(key: string): Promise<string | undefined>;
}
