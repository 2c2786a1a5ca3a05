// The automaton of the language that is learnt, with the state in which the string that is read has come so far.
import { builtInGrammar } from "../../../data/grammars.js";
import { drawnArcs, type Place, pathOf, placesOf } from "../automaton.js";
import { experiment, moment, sequence } from "../store.js";
import { grammarTask } from "../tasks.js";

const ACROSS = 48;
const DOWN = 56;
const MARGIN = 22;
/** Room for a loop. */
const ABOVE = 50;
const RADIUS = 11;

export function Automaton() {
  const task = grammarTask(experiment.value.task);
  if (!task) return null;
  const grammar = builtInGrammar(task.grammar);
  const places = placesOf(grammar).map(({ x, y }) => ({
    x: MARGIN + 10 + x * ACROSS,
    y: ABOVE + y * DOWN,
  }));
  const width = Math.max(...places.map(({ x }) => x)) + MARGIN + 4;
  const height = Math.max(...places.map(({ y }) => y)) + ABOVE;
  const { value } = sequence;
  const path = value && "text" in value ? pathOf(grammar, value.text) : [];
  const state = path[moment.value + 1];
  return (
    <figure class="automaton">
      <svg
        viewBox={`0 0 ${width} ${height}`}
        role="img"
        aria-label={`The automaton of ${task.title}, ${grammar.arcs.length} states${state === undefined ? "" : `, now in state ${state}`}`}
      >
        <title>{task.title}</title>
        <defs>
          <marker
            id="arrow"
            viewBox="0 0 8 8"
            refX="7"
            refY="4"
            markerWidth="7"
            markerHeight="7"
            orient="auto"
          >
            <path d="M0 0L8 4L0 8z" class="head" />
          </marker>
        </defs>
        <path class="arc" marker-end="url(#arrow)" d={`M4 ${places[0].y}H${places[0].x - RADIUS - 2}`} />
        {drawnArcs(grammar).map(({ from, to, symbols, isMutual }) => {
          const { path, label } = arcOf(places[from], places[to], {
            isMutual,
            isLow: places[from].y > height / 2,
          });
          return (
            <g key={`${from} ${to}`}>
              <path class="arc" marker-end="url(#arrow)" d={path} />
              <text x={label.x} y={label.y}>
                {symbols.join(" ")}
              </text>
            </g>
          );
        })}
        {places.map(({ x, y }, i) => (
          <g key={i} class={i === state ? "state now" : "state"}>
            <circle cx={x} cy={y} r={RADIUS} />
            {grammar.accepting[i] && <circle cx={x} cy={y} r={RADIUS - 3} />}
          </g>
        ))}
      </svg>
    </figure>
  );
}

/** Where a label stands on an arc: nearer to its source, away from where arcs cross; of two between the same states in the middle. */
const ALONG = 0.4;

/** A loop above a state, or below one that is low; between two a line, or a bow where there is a way back or others are passed. */
function arcOf(
  from: Place,
  to: Place,
  { isMutual, isLow }: { readonly isMutual: boolean; readonly isLow: boolean },
): { path: string; label: Place } {
  if (from.x === to.x && from.y === to.y) {
    const { x, y } = from;
    const away = isLow ? 1 : -1;
    const [near, far] = [y + away * (RADIUS - 1), y + away * 34];
    return {
      path: `M${x - 6} ${near}C${x - 18} ${far} ${x + 18} ${far} ${x + 6} ${near + away}`,
      label: { x, y: isLow ? y + 38 : y - 29 },
    };
  }
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const long = Math.hypot(dx, dy);
  const [ux, uy] = [dx / long, dy / long];
  const isFar = Math.abs(dx) > 1.5 * ACROSS || (dx === 0 && Math.abs(dy) > 1.5 * DOWN);
  const bow = isMutual ? 16 : isFar ? 26 : 0;
  const shift = 0.3 * bow;
  const start = { x: from.x + ux * (RADIUS + 1) + uy * shift, y: from.y + uy * (RADIUS + 1) - ux * shift };
  const end = { x: to.x - ux * (RADIUS + 3) + uy * shift, y: to.y - uy * (RADIUS + 3) - ux * shift };
  const middle = { x: (from.x + to.x) / 2 + uy * bow, y: (from.y + to.y) / 2 - ux * bow };
  const along = isMutual ? 0.5 : ALONG;
  const beside = (2 * bow) / 3 + 8;
  return {
    path: `M${start.x} ${start.y}Q${middle.x} ${middle.y} ${end.x} ${end.y}`,
    label: { x: from.x + dx * along + uy * beside, y: from.y + dy * along - ux * beside + 4 },
  };
}
