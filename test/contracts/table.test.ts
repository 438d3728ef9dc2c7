import { memoryTable } from '../support/fakes/memory-table.ts';
import { tableContract } from './table.ts';

tableContract('The table in memory', () => memoryTable());
tableContract('The table in memory that keeps what it has read', () => memoryTable({ keepsItems: true }));
