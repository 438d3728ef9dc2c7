/**
 * CloudFormation text: `${Table.Arn}` alone becomes `Fn::GetAtt`, `${SourceObjects}` alone `Ref`, which may be a list; text around it makes it
 * `Fn::Sub`.
 */
export type ResourceText = `arn:${string}` | `\${${string}`;

type Conditions = Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;

interface Rights {
  /** Tells the statements of one method apart in their Sid; needed where a method has several. */
  readonly as?: string;
  readonly Action: readonly string[];
  /** Or a name of scripts/roles/chosen-values.yml, such as `${IsTarget}`. */
  readonly Condition?: Conditions | `\${${string}}`;
}

/** What a call needs. `because` is written above the statement in the role; everything as a resource needs it. */
export type Statement =
  | (Rights & { readonly Resource: ResourceText | readonly ResourceText[]; readonly because?: string })
  | (Rights & { readonly Resource: '*'; readonly because: string });

export const EC2_DESCRIBE = {
  Resource: '*',
  because: 'ec2:Describe* has no resource-level permissions (Service Authorization Reference, Amazon EC2).',
} as const;

/**
 * What each method of a port needs. `method:use` is for a right that only some callers of the method need: it stands beside the method's own, and
 * a function lists it by that name.
 */
export type PermissionSet<Port> = {
  readonly [Method in keyof Port]: readonly Statement[];
} & { readonly [Use in `${keyof Port & string}:${string}`]?: readonly Statement[] };

/** Environment variables, as CloudFormation text, by the method whose adapter reads them; `any`: whichever method a function lists. */
export type PortEnvironment<Port> = {
  readonly [Method in keyof Port | 'any']?: Readonly<Record<string, ResourceText>>;
};
