import { Inspector2Client } from '@aws-sdk/client-inspector2';
import { clientDefaults } from '../../adapters/aws-client.ts';
import { inspectorFindings } from '../../adapters/inspector-findings.ts';
import type { Findings } from '../../ports/vulnerabilities.ts';
import { lazy } from '../lazy.ts';

export const findings: () => Findings = lazy(() => inspectorFindings(new Inspector2Client(clientDefaults)));
