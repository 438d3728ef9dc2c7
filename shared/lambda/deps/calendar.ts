import { cronerCalendar } from '../../adapters/croner-calendar.ts';
import type { Calendar } from '../../ports.ts';

export const calendar: Calendar = cronerCalendar;
