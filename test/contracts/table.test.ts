import { memoryTable } from '../support/fakes/memory-table.ts';
import { tableContract } from './table.ts';

tableContract('The table in memory', () => memoryTable());
