import type { ReferenceKind } from './reference.ts';

/** What cannot be read may be in use. */
export const unread: ReferenceKind = {
  isDoubt: true,
  find: ({ targets }, usage) =>
    usage.unread
      .filter(({ account, region }) =>
        targets.some((target) => target.account === account && target.region === region),
      )
      .map(
        ({ account, region, problem }) =>
          `Whether it is used in ${account} ${region} cannot be read: ${problem}`,
      ),
};
