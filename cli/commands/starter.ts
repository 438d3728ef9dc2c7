/** The file that `ovenbird init` writes: what most pipelines need, with comments. `schema`: path for editors. */
export function starterDefinition(name: string, schema = 'docs/pipeline.schema.json'): string {
  return `# yaml-language-server: $schema=${schema}
apiVersion: ovenbird.dev/v1
name: ${name}
description: What this image is for, in one sentence.
team: platform

# What it is built on: exactly one of pipeline, ssm, image, ami.
base:
  ssm: /aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64
  # pipeline: hardened        # the released image of another pipeline

# What is installed, in this order. A version with x takes the newest: 1.x.x is any 1, 1.2.x any 1.2.
components: []
#  - component: harden-ssh/1.x.x
#    parameters: { Port: '22' }

build:
  instanceTypes: [t3.medium]

# Run on an instance of the new image; a suite passes when its script ends with 0.
tests:
  instanceTypes: [t3.small]
  suites:
    - name: boots
      script: |
        set -eu
        systemctl is-system-running --wait   # fails where a unit has failed
        test -f /etc/os-release
#    - name: web
#      script: ./web.sh        # a file beside this one

gates:
  packages:
    require: []               # must be installed
    forbid: [telnet]          # must not be

# Who is asked before it is released; each gets a link of their own.
approval:
  approvers: [you@example.com]
#    - email: ada@example.com  # decides by API and command line too, as one of these:
#      principals: ['sso:ada@example.com', 'arn:aws:iam::111122223333:role/ImageOwners']
  expiresAfter: 3d

# Where it goes. Account ids are text: keep the quotes.
distribution:
  targets: []
#    - account: '444455556666'
#      regions: [eu-west-1, us-east-1]
#      mode: copy             # or share
  parameter: /ovenbird/{pipeline}/{channel}

triggers:
  mode: immediate             # or manual
  debounce: 5m                # changes that come together start one bake
`;
}
