import { cronerCalendar } from '../../adapters/croner-calendar.ts';
import type { Calendar } from '../../ports/calendar.ts';

export const calendar: Calendar = cronerCalendar;
