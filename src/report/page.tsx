// The page itself and the few parts that every chapter is built from: figures with panels and legends, tables, notes.
// A report is one HTML document that needs no font, no image and no network, and can be read without its script if it has one.
import { createHash } from "node:crypto";
import { type ComponentChildren, toChildArray, type VNode } from "preact";
import { renderToString } from "preact-render-to-string";
import type { LineStyle } from "./charts/lines.js";
import { styles } from "./styles.js";

/**
 * The whole document as text.
 * @param script what makes figures move; nothing else may run.
 */
export function renderPage(title: string, body: VNode, script?: string): string {
  const digest = script && createHash("sha256").update(script).digest("base64");
  const page = (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta
          http-equiv="Content-Security-Policy"
          content={`default-src 'none'; style-src 'unsafe-inline'; img-src data:${digest ? `; script-src 'sha256-${digest}'` : ""}`}
        />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title}</title>
        <style dangerouslySetInnerHTML={{ __html: styles }} />
      </head>
      <body>
        <main>{body}</main>
        {script ? <script dangerouslySetInnerHTML={{ __html: script }} /> : null}
      </body>
    </html>
  );
  return `<!doctype html>\n${renderToString(page)}\n`;
}

/** An SVG made by the charts of this folder, as it is. */
export function Svg({ svg }: { svg: string }) {
  return <div dangerouslySetInnerHTML={{ __html: svg }} />;
}

/** A numbered figure: a bold title, a sentence on how to read it, a legend where needed, and its drawings. */
export function Figure(props: {
  title: string;
  caption: ComponentChildren;
  legend?: readonly LegendEntry[];
  children: ComponentChildren;
}) {
  return (
    <figure class="numbered">
      <figcaption>
        <strong>{props.title}</strong> {props.caption}
      </figcaption>
      {props.legend ? <Legend entries={props.legend} /> : null}
      {props.children}
    </figure>
  );
}

const columnNames = ["one", "two", "three", "four"] as const;

/** Small multiples beside each other under a heading of their own, at most `columns` in a row, fewer where the page is narrow. */
export function Panels(props: { heading?: string; columns: 1 | 2 | 3 | 4; children: ComponentChildren }) {
  const { heading, columns, children } = props;
  const used = Math.max(1, Math.min(columns, toChildArray(children).length));
  return (
    <div class={`panels ${columnNames[used - 1]}`}>
      {heading ? <h3>{heading}</h3> : null}
      {children}
    </div>
  );
}

/** One of several small drawings, under its heading. */
export function Panel({ heading, colour, svg }: { heading?: string; colour?: string; svg: string }) {
  return (
    <figure>
      {heading ? (
        <figcaption>
          {colour ? <span class="dot" style={{ color: colour }} /> : null}
          {heading}
        </figcaption>
      ) : null}
      <Svg svg={svg} />
    </figure>
  );
}

export interface LegendEntry extends LineStyle {
  label: string;
  /** A line, or a filled square. */
  shape?: "line" | "square";
}

/** What lines and colours mean. */
export function Legend({ entries }: { entries: readonly LegendEntry[] }) {
  return (
    <ul class="legend">
      {entries.map(({ label, shape = "line", colour, width = 1.6, dash, opacity = 1, dots }) => (
        <li key={label}>
          <svg width={shape === "line" ? 30 : 11} height="11" aria-hidden="true">
            {shape === "line" ? (
              <line
                x1="1"
                x2="29"
                y1="5.5"
                y2="5.5"
                stroke={colour}
                stroke-width={width}
                stroke-dasharray={dash}
                stroke-opacity={opacity}
              />
            ) : (
              <rect width="11" height="11" rx="1.5" fill={colour} fill-opacity={opacity} />
            )}
            {dots ? (
              <circle
                cx="15"
                cy="5.5"
                r={dots === "ring" ? "4" : "2.6"}
                fill={dots === "filled" ? colour : "var(--paper)"}
                stroke={colour}
              />
            ) : null}
          </svg>
          {label}
        </li>
      ))}
    </ul>
  );
}

/** A box that scrolls sideways by itself, by keyboard too, so that the page never does. */
export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reachable by keyboard
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}

export interface Column {
  label: string;
  /** Texts stand left, numbers right; prose wraps. */
  kind?: "text" | "number" | "prose";
}

export interface Row {
  /** The first heads the row. */
  cells: readonly ComponentChildren[];
  /** Set where a group of rows begins. */
  first?: boolean;
}

/** A numbered table with a caption; `groups` head several columns each. */
export function Table(props: {
  title: string;
  caption?: ComponentChildren;
  groups?: readonly { label: string; span: number }[];
  columns: readonly Column[];
  rows: readonly Row[];
}) {
  const { title, caption, groups, columns, rows } = props;
  const kind = (i: number) => columns[i].kind ?? "number";
  return (
    <figure class="numbered table">
      <figcaption>
        <strong>{title}</strong> {caption}
      </figcaption>
      <Scroll label={title}>
        <table class={rows.some(({ first }) => first) ? "grouped" : undefined}>
          <caption>{title}</caption>
          <thead>
            {groups ? (
              <tr>
                {groups.map(({ label, span }) =>
                  label === "" ? (
                    <td key={label} colSpan={span} />
                  ) : (
                    <th key={label} scope="colgroup" colSpan={span}>
                      {label}
                    </th>
                  ),
                )}
              </tr>
            ) : null}
            <tr>
              {columns.map(({ label }, i) => (
                <th key={label} scope="col" class={kind(i)}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ cells, first }, i) => (
              <tr key={String(i)} class={first && i > 0 ? "first" : undefined}>
                {cells.map((cell, j) =>
                  j === 0 ? (
                    <th key="head" scope="row" class={kind(j)}>
                      {cell}
                    </th>
                  ) : (
                    <td key={columns[j].label} class={kind(j)}>
                      {cell}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </figure>
  );
}

/** A remark that the reader should not miss, such as that something is not there. */
export function Note({ children }: { children: ComponentChildren }) {
  return <div class="note">{children}</div>;
}

/** An answer's paragraphs; a list of sentences stands as a list. */
export type Answer = readonly (string | readonly string[])[];

/** Research questions with their answers. */
export function Questions(props: {
  questions: readonly { number: number; question: string; answer: Answer }[];
}) {
  return (
    <>
      {props.questions.map(({ number, question, answer }) => (
        <div class="question" key={String(number)}>
          <h3>
            {number}. {question}
          </h3>
          {answer.map((paragraph, i) =>
            typeof paragraph === "string" ? (
              <p key={String(i)}>{paragraph}</p>
            ) : (
              <ul key={String(i)}>
                {paragraph.map((sentence) => (
                  <li key={sentence}>{sentence}</li>
                ))}
              </ul>
            ),
          )}
        </div>
      ))}
    </>
  );
}

/** Facts by name in short columns; a broad one takes two. */
export function Facts({
  entries,
}: {
  entries: readonly [name: string, value: ComponentChildren, broad?: boolean][];
}) {
  return (
    <dl class="facts">
      {entries.map(([name, value, broad]) => (
        <div key={name} class={broad ? "broad" : undefined}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** One entry of a report's contents with what stands under it. */
export interface Section {
  /** The experiment it belongs to. */
  part: string;
  id: string;
  title: string;
  body: ComponentChildren;
}

/** Links to all sections, a line for each part. */
export function Contents({ sections }: { sections: readonly Section[] }) {
  const parts = [...new Set(sections.map(({ part }) => part))];
  return (
    <nav aria-label="Contents">
      {parts.map((part) => (
        <p key={part}>
          <span class="part">{part}</span>
          <span>
            {sections
              .filter((section) => section.part === part)
              .map(({ id, title }) => (
                <a key={id} href={`#${id}`}>
                  {title}
                </a>
              ))}
          </span>
        </p>
      ))}
    </nav>
  );
}

/** All sections, one after the other; a part is named above each of its titles. */
export function Sections({ sections }: { sections: readonly Section[] }) {
  return (
    <>
      {sections.map(({ part, id, title, body }) => (
        <section key={id} id={id}>
          <h2>
            <span class="part">{part}</span>
            {title}
          </h2>
          {body}
        </section>
      ))}
    </>
  );
}
