import { Inspector2Client } from '@aws-sdk/client-inspector2';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { inspectorFindings } from '../../adapters/inspector-findings.ts';
import { lazy } from '../lazy.ts';

export const findings = lazy(() => inspectorFindings(new Inspector2Client(clientDefaults)));
