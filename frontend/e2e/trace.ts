interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  /** By the clock, and on the processor; both in µs. */
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

/**
 * The longest tasks of the page's main thread in ms: by the clock, and, where the processor was shared, by what was
 * computed. The two need not be the same task.
 *
 * @param trace a trace of Chromium with the category `toplevel`, as JSON
 */
export function longestTask(trace: string): { clock: number; cpu: number } {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const thread = ({ pid, tid }: TraceEvent) => `${pid} ${tid}`;
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(thread),
  );
  const tasks = traceEvents.filter(
    (event) => event.ph === 'X' && event.name.endsWith('RunTask') && mains.has(thread(event)),
  );
  if (tasks.length === 0) throw new Error('The trace holds no task of the main thread.');
  return {
    clock: Math.max(...tasks.map(({ dur = 0 }) => dur)) / 1000,
    cpu: Math.max(...tasks.map(({ tdur = 0 }) => tdur)) / 1000,
  };
}
