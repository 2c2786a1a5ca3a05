// The masks: what is left of each matrix and gate, weight by weight.
import type { MaskPicture } from "../../../report/charts/masks.js";
import { maskDrawing } from "../../../report/charts/masks.js";
import { Figure, Panel } from "../../../report/page.js";
import { cellColour, cellNames, targetPhrases } from "../../../report/theme.js";
import { level } from "../../../report/words.js";
import { type Target, targets } from "../../../sparsify/target.js";
import { type ThesisCell, thesisCells } from "../../published.js";

/** All pictures that were taken; the one that shows most (both targets, much but not all removed) is open, others fold out. */
export function Masks({ masks }: { masks: readonly MaskPicture<ThesisCell>[] }) {
  const settings = new Map<string, MaskPicture<ThesisCell>[]>();
  const sorted = [...masks].sort(
    (a, b) =>
      targets.indexOf(a.target as Target) - targets.indexOf(b.target as Target) ||
      a.percent - b.percent ||
      thesisCells.indexOf(a.cell) - thesisCells.indexOf(b.cell),
  );
  for (const picture of sorted) {
    const name = `${picture.target} ${picture.percent}`;
    settings.set(name, [...(settings.get(name) ?? []), picture]);
  }
  const groups = [...settings.values()];
  const telling = ([{ target, percent }]: MaskPicture<ThesisCell>[]) =>
    (target === "both" ? 1000 : 0) + (percent < 100 ? percent : 0);
  const open = groups.reduce((best, group) => (telling(group) > telling(best) ? group : best), groups[0]);
  const others = groups.filter((group) => group !== open);
  return (
    <>
      <MaskFigure pictures={open} />
      {others.length > 0 ? (
        <details>
          <summary>
            {others.length === 1 ? "The other masks" : `The other ${others.length} sets of masks`}
          </summary>
          {others.map((group) => (
            <MaskFigure key={`${group[0].target} ${group[0].percent}`} pictures={group} />
          ))}
        </details>
      ) : null}
    </>
  );
}

function MaskFigure({ pictures }: { pictures: readonly MaskPicture<ThesisCell>[] }) {
  const [{ target, percent }] = pictures;
  return (
    <Figure
      title={`Masks with ${level(percent)} of ${targetPhrases[target as Target] ?? target} removed by size.`}
      caption="A coloured pixel is a weight that is left; rows are units, columns are inputs. Under each block: the share that is left."
    >
      <div class="masks">
        {pictures.map((picture) => (
          <Panel
            key={picture.cell}
            heading={cellNames[picture.cell]}
            colour={cellColour(picture.cell)}
            svg={maskDrawing(picture)}
          />
        ))}
      </div>
    </Figure>
  );
}
