import { parseHTML } from "linkedom";
import { expect } from "vitest";

/**
 * What every report has to hold, however little it reports: it needs nothing from outside and everything is named.
 * @param scripts how many it has inside.
 */
export function expectSound(html: string, scripts = 0): void {
  const { document } = parseHTML(html);
  expect(html).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(document.querySelectorAll("script[src], link, iframe, img")).toHaveLength(0);
  expect(document.querySelectorAll("script")).toHaveLength(scripts);
  expect(html.replaceAll("http://www.w3.org/", "")).not.toMatch(
    /(src|href)="(https?:)?\/\/|url\((?!#)|@import/,
  );
  expect(html).not.toMatch(/undefined|NaN|Infinity|\[object/);
  for (const svg of document.querySelectorAll("svg")) {
    if (svg.getAttribute("aria-hidden")) continue;
    expect(svg.getAttribute("role")).toBe("img");
    expect(svg.querySelector("title")?.textContent).not.toBe("");
    expect(svg.querySelector("desc")?.textContent).not.toBe("");
  }
  for (const table of document.querySelectorAll("table")) {
    expect(table.querySelector("caption")?.textContent).not.toBe("");
    for (const row of table.querySelectorAll("tbody tr"))
      expect(row.querySelector("th[scope=row]")).not.toBeNull();
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  for (const link of document.querySelectorAll("nav a"))
    expect(ids).toContain(link.getAttribute("href")?.slice(1));
}
