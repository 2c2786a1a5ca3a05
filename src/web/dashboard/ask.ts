// Asks the page's Worker, which is started with the first question.
import { ownWorker } from "../page/embedded.js";
import type { Answer, Question, Questions } from "./worker.js";

const waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
let worker: Worker | undefined;
let asked = 0;

/** What the Worker answers. @throws Error what went wrong there. */
export function ask<Name extends keyof Questions>(
  name: Name,
  question: Parameters<Questions[Name]>[0],
): Promise<ReturnType<Questions[Name]>> {
  worker ??= started();
  const id = asked++;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    worker?.postMessage({ id, name, asked: question } satisfies Question);
  });
}

function started(): Worker {
  const made = ownWorker();
  made.onmessage = ({ data }: MessageEvent<Answer>) => {
    const who = waiting.get(data.id);
    waiting.delete(data.id);
    if ("error" in data) who?.reject(new Error(data.error));
    else who?.resolve(data.value as never);
  };
  return made;
}
