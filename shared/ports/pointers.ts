/** What consumers of one account and region read an artifact's id from. Every call may be repeated. Throws like ArtifactStore. */
export interface Pointers {
  readParameter(name: string): Promise<string | undefined>;
  /** Asks for the value, which may show a moment later or, where AWS finds nothing to point to, never. Tags that stand stay. */
  writeParameter(name: string, id: string, tags: Readonly<Record<string, string>>): Promise<void>;
  removeParameter(name: string): Promise<void>;
  readTemplateDefault(template: string): Promise<{ version: string; imageId?: string } | undefined>;
  /** Adds a version that names the image and is not the default yet. Found again by its description. */
  addTemplateVersion(
    template: string,
    imageId: string,
    description: string,
  ): Promise<{ version: string; previousDefault: string }>;
  setDefaultTemplateVersion(template: string, version: string): Promise<void>;
  /** Deletes a version that is not the default; one that is gone already is no error. */
  removeTemplateVersion(template: string, version: string): Promise<void>;
}
