// Messages quote what users' files hold, so they are where a hostile file would reach a terminal.

import { statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputError, systemError } from "../src/errors.js";

describe("the message of an error", () => {
  it("is one line, whatever it quotes", () => {
    const { message } = new InputError({ where: "a\r\nb", what: "c\u2028d\u001b[2Je\0", hint: "f\tg" });
    expect(message).toBe("a b: c d\\x1b[2Je\\x00; f\\x09g");
  });

  it("is no longer than a screen, and keeps its hint", () => {
    const { message } = new InputError({ where: "file", what: "x".repeat(1e5), hint: "shorten it" });
    expect(message.length).toBeLessThanOrEqual(1000);
    expect(message).toMatch(/^file: x+…x+; shorten it$/);
  });
});

describe("an error that nobody expected", () => {
  it("is one line when the system is to blame", () => {
    let error: unknown;
    try {
      statSync("none/at/all");
    } catch (thrown) {
      error = thrown;
    }
    const line = "none/at/all: the system refuses stat (ENOENT); check the folder, the disk and the limits";
    expect(systemError(error)?.message).toBe(line);
  });

  it.each([
    new TypeError("undefined is not a function"),
    "text",
    3,
    Object.assign(new Error(), { code: "ERR_X" }),
  ])("is a bug otherwise: %s", (error) => {
    expect(systemError(error)).toBeUndefined();
  });
});
