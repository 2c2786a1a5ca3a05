// The last saved epoch of a trial in Redis: the state to resume from, the number of the epoch and its row of the
// series, so that any worker can go on where a dead one stopped.
import type { Redis } from "ioredis";
import type { Resume } from "../kind.js";
import { getBundle, putBundle, week } from "./bundle.js";
import { type Job, keys } from "./protocol.js";

type Place = Pick<Job, "store" | "identity">;

/** The last saved epoch, or undefined when there is none. */
export async function loadState(redis: Redis, { store, identity }: Place): Promise<Resume | undefined> {
  // A worker that was taken for dead may still replace states: then look again, and in the end begin anew.
  for (let attempt = 0; attempt < 3; attempt++) {
    const epoch = await redis.get(keys.epoch(store, identity));
    if (epoch === null || !/^\d{1,15}$/.test(epoch)) return undefined;
    const state = (await getBundle(redis, keys.state(store, identity, Number(epoch))))?.parts.state;
    if (state) return { epoch: Number(epoch), state };
  }
  return undefined;
}

/**
 * Saves the state and the series row of an epoch together; the state before is dropped. Two workers that run the same
 * trial write the same, so that it does not matter which is later.
 */
export async function saveState(
  redis: Redis,
  { store, identity }: Place,
  { epoch, state }: Resume,
  row?: object,
): Promise<void> {
  const before = await redis.get(keys.epoch(store, identity));
  await putBundle(
    redis,
    keys.state(store, identity, epoch),
    { header: "", parts: { state } },
    week,
    (commands) => {
      commands.set(keys.epoch(store, identity), epoch, "PX", week);
      if (row) {
        commands.hset(keys.series(store, identity), String(epoch), JSON.stringify(row));
        commands.pexpire(keys.series(store, identity), week);
      }
      if (before !== null && before !== String(epoch))
        commands.unlink(keys.state(store, identity, Number(before)));
    },
  );
}

/** Forgets a trial that is safely in the store. */
export async function dropTrial(redis: Redis, { store, identity }: Place): Promise<void> {
  const epoch = await redis.get(keys.epoch(store, identity));
  if (epoch !== null) await redis.unlink(keys.state(store, identity, Number(epoch)));
  await redis.unlink(keys.result(store, identity), keys.series(store, identity), keys.epoch(store, identity));
}
