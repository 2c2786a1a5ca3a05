// The report of studies as one HTML text: a chapter for each.
import { studySections } from "./chapters/study.js";
import { Contents, Note, renderPage, Sections } from "./page.js";
import type { StudyResults } from "./study-summary.js";
import { count } from "./words.js";

/** The report of all studies of a store, or of some. */
export function studyReport({ store, studies }: { store: string; studies: readonly StudyResults[] }): string {
  const title = studies.length === 1 ? studies[0].name : `${count(studies.length, "study", "studies")}`;
  const sections = studies.flatMap(studySections);
  return renderPage(
    title,
    <>
      <header>
        <p class="eyebrow">Filigree</p>
        <h1>{title}</h1>
        <p class="lead">
          {studies.length === 1 ? "A study" : "The studies"} in <code>{store}</code>.
        </p>
      </header>
      {studies.length === 0 ? <Note>The store holds no study yet.</Note> : <Contents sections={sections} />}
      <Sections sections={sections} />
    </>,
  );
}
