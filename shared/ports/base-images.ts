/** Images in the home region that others are built on, of any owner. */
export interface BaseImages {
  /** As EC2 names it; undefined where there is no such image, or none that we may see. */
  state(imageId: string): Promise<string | undefined>;
}
