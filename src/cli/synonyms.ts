// An option that does not exist is answered by commander with the one that is spelt alike; where another tool calls an option
// so, this names the one that is meant.
import { type Command, CommanderError } from "commander";
import { synonymOf } from "../synonyms.js";

/** The error of a command line, an unknown option with the one that is meant where another tool's word tells. */
export function withSynonym(error: CommanderError, command: Command): CommanderError {
  const asked = /^error: unknown option '--?([^'=]+)/.exec(error.message)?.[1];
  if (error.code !== "commander.unknownOption" || asked === undefined) return error;
  const options = command.options.flatMap(({ long }) => (long ? [long.slice(2)] : []));
  const meant = synonymOf(asked, options);
  if (meant === undefined) return error;
  const message = `error: unknown option '--${asked}' (Did you mean --${meant}?)`;
  return new CommanderError(error.exitCode, error.code, message);
}
