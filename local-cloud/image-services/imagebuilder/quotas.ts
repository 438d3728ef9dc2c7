/** Default quotas per Region [D:general/gr/imagebuilder], docs/aws/quotas.md#image-builder. */
export const quotas = {
  concurrentBuilds: 100,
  pipelines: 75,
  components: 1000,
  recipes: 1000,
  infrastructureConfigurations: 1000,
  distributionConfigurations: 1000,
  componentsPerRecipe: 20,
  inlineComponentCharacters: 16_000,
  componentBytes: 64 * 1024,
  /** Lists give 1 to 25 entries [M:RestrictedInteger]. */
  pageSize: 25,
  filters: 10,
} as const;
