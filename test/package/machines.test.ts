import { describe, expect, it } from '@jest/globals';
import validate from 'asl-validator';
import { foldersIn } from '../architecture/imports.ts';
import { listResources } from './packaged.ts';

const machines = listResources('AWS::StepFunctions::StateMachine');

describe('every state machine', () => {
  it('is in the template', () => {
    expect(machines).toHaveLength(foldersIn('statemachines').length);
  });

  it('is valid for asl-validator', () => {
    for (const { id, properties } of machines) {
      const { isValid, errorsText } = validate(JSON.parse(String(properties.DefinitionString)));
      expect([id, isValid ? '' : errorsText()]).toEqual([id, '']);
    }
  });

  it('logs errors without payloads and sends traces', () => {
    for (const { id, properties } of machines) {
      expect([id, properties.LoggingConfiguration]).toMatchObject([
        id,
        { Level: 'ERROR', IncludeExecutionData: false },
      ]);
      expect([id, properties.TracingConfiguration]).toEqual([id, { Enabled: true }]);
    }
  });
});
