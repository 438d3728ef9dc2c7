import { describe, expect, it } from '@jest/globals';
import { readDocument } from '../../../../local-cloud/image-services/imagebuilder/document.ts';

const phase = (name: string, action = 'ExecuteBash') =>
  `  - name: ${name}\n    steps:\n      - name: One\n        action: ${action}\n        inputs: {commands: [date]}\n`;
const document = (...phases: string[]) => `name: x\nschemaVersion: 1.0\nphases:\n${phases.join('')}`;

describe('component documents', () => {
  it('are test components when their only phase is called test', () => {
    expect(readDocument(document(phase('test')), 'data').type).toBe('TEST');
    expect(readDocument(document(phase('build'), phase('test')), 'data').type).toBe('BUILD');
    expect(readDocument(document(phase('validate')), 'data').type).toBe('BUILD');
  });

  it('declare their parameters with defaults', () => {
    const text = `${document(phase('build'))}parameters:\n  - Level:\n      type: string\n      default: high\n      description: How hard\n`;
    expect(readDocument(text, 'data').parameters).toEqual([
      { name: 'Level', type: 'string', defaultValue: ['high'], description: 'How hard' },
    ]);
  });

  it.each([
    ['another schema version', document(phase('build')).replace('1.0', '2.0'), 'schemaVersion'],
    ['an action that does not exist', document(phase('build', 'RunBash')), 'phases.0.steps.0.action'],
    ['a phase without steps', `${document()}  - name: build\n`, 'phases.0.steps'],
    ['two phases of one name', document(phase('build'), phase('build')), 'two phases'],
    ['what is no YAML', 'a: [', 'not YAML'],
  ])('are refused with %s', (_what, text, message) => {
    expect(() => readDocument(text, 'data')).toThrow(
      expect.objectContaining({
        code: 'InvalidParameterValueException',
        message: expect.stringContaining(message),
      }),
    );
  });
});
