// `filigree worker`: works for studies that are run elsewhere with `study run --redis`. Start as many as there are
// machines; none of them keeps anything.
import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import type { WorkerEvent } from "../study/redis/worker.js";
import { interruptible, Output, whole } from "./command.js";
import { duration } from "./study-progress.js";

export function workerCommand(): Command {
  return new Command()
    .addOption(
      new Option("--redis <url>", "redis://[user:password@]host:port, or rediss:// for TLS")
        .env("FILIGREE_REDIS")
        .makeOptionMandatory(),
    )
    .option(
      "--jobs <n>",
      "trials at once; as many as cores when left out",
      whole(1, 4096),
      availableParallelism(),
    )
    .action(work);
}

async function work({ redis, jobs }: { redis: string; jobs: number }): Promise<void> {
  const output = new Output({});
  output.remarkSlowness();
  // Loaded when needed: the queue takes longer to load than most verbs take.
  const { kinds } = await import("../experiments/kinds.js");
  await import("../thesis/format.js");
  const { runWorker } = await import("../study/redis/worker.js");
  await interruptible(async (signal) => {
    await runWorker(redis, {
      kinds,
      jobs,
      signal,
      notify: (text) => output.remark(text),
      onEvent: (event) => output.remark(describe(event)),
    });
  });
  // A connection to a Redis that is gone would keep the process.
  process.exit(0);
}

function describe(event: WorkerEvent): string {
  const { kind, identity } = event.job;
  const name = `${identity.slice(0, 12)} (${kind})`;
  switch (event.type) {
    case "started":
      return event.resumedEpoch === undefined
        ? `${name} begins`
        : `${name} goes on after epoch ${event.resumedEpoch}`;
    case "finished":
      return `${name} finished in ${duration(event.seconds)}`;
    case "failed":
      return `${name} failed: ${event.error}`;
    case "stopped":
      return `${name} goes back to the queue`;
  }
}
