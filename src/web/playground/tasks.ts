// What the playground can train on: the built-in grammars with the options by which their strings are made, digits, a text, or
// a file of the reader's. What stands here is also what the command line is told, so that both make the same data.
import { grammarNames } from "../../data/grammars.js";

/** A language, with options of `filigree data generate`. */
export interface GrammarTask {
  readonly grammar: string;
  readonly title: string;
  /** Strings in all; half of them are in the language. */
  readonly count: number;
  readonly minLength: number;
  readonly maxLength: number;
}

const tomita = (number: number, about: string, count = 1000, maxLength = 24): GrammarTask => ({
  grammar: `tomita-${number}`,
  title: `Tomita ${number}: ${about}`,
  count,
  minLength: 1,
  maxLength,
});

/** Every built-in grammar; a test compares them. */
export const grammarTasks: readonly GrammarTask[] = [
  { grammar: "reber", title: "Reber's grammar", count: 4000, minLength: 5, maxLength: 30 },
  { grammar: "embedded-reber", title: "Embedded Reber", count: 4000, minLength: 9, maxLength: 36 },
  tomita(1, "only ones", 100, 64),
  tomita(2, "ten, ten, ten", 50, 64),
  tomita(3, "no odd ones before odd noughts"),
  tomita(4, "no three noughts in a row"),
  tomita(5, "even ones and even noughts"),
  tomita(6, "as many ones as noughts, modulo 3"),
  tomita(7, "noughts, ones, noughts, ones"),
];

/** Tasks that are no grammar. */
export const otherTasks = ["digits", "text", "file"] as const;
export type OtherTask = (typeof otherTasks)[number];
export const taskNames: readonly string[] = [...grammarNames, ...otherTasks];

export function grammarTask(name: string): GrammarTask | undefined {
  return grammarTasks.find(({ grammar }) => grammar === name);
}

/** A text to begin with: the reader writes over it. */
export const SAMPLE_TEXT = `The mouse ran up the clock. The clock struck one, the mouse ran down.
The cat ran after the mouse. The mouse ran under the house, and the cat sat on the step.
The dog ran after the cat. The cat ran up the tree, and the dog sat under the tree.
The clock struck two, the mouse ran out. The cat was up, the dog was down, and the mouse ran round the house.
`.repeat(12);
