// Sixty series in three jobs, sixteen of which have a spike at the same time.

const JOBS = ["api", "db", "web"];
const PODS = 20;
/** How many pods of the first job have the spike. */
export const SPIKED = 16;

/** OpenMetrics text of `fleet_latency_seconds{job, pod, zone}` for the six hours before `end`, in Unix seconds. */
export function* fleet(end: number): Generator<string> {
  yield "# HELP fleet_latency_seconds Time to answer.\n# TYPE fleet_latency_seconds gauge\n";
  for (const [at, job] of JOBS.entries()) {
    for (let pod = 0; pod < PODS; pod += 1) {
      const labels = `job="${job}",pod="${job}-7c9f5b-${String(pod).padStart(2, "0")}",zone="${pod % 2 ? "b" : "a"}"`;
      for (let time = end - 6 * 3600; time <= end; time += 60) {
        const noise = ((Math.imul(time / 60 + 17 * pod, 0x9e3779b1) ^ (at * 977)) >>> 8) % 1000;
        const spiked = at === 0 && pod < SPIKED && time > end - 3600 && time <= end - 3000;
        yield `fleet_latency_seconds{${labels}} ${((spiked ? 5 : 0.5) + noise / 10_000).toFixed(4)} ${time}\n`;
      }
    }
  }
  yield "# EOF\n";
}
