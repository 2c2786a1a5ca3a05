// Which classes are taken for which.
import { description, measurements } from "../store.js";

export function Confusion() {
  const confusion = measurements.value.at(-1)?.confusion;
  const { classes = [] } = description.value ?? {};
  if (!confusion || confusion.length !== classes.length) return null;
  const isLanguage = classes.join() === "0,1";
  const nameOf = (name: string) => (isLanguage ? (name === "1" ? "inside" : "outside") : name);
  return (
    <section class="confusion" aria-label="Confusion">
      <h2>
        Taken for <span class="quiet">rows are what is true</span>
      </h2>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <td />
              {classes.map((name) => (
                <th key={name} scope="col">
                  {nameOf(name)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {confusion.map((row, i) => {
              const all = row.reduce((sum, count) => sum + count, 0);
              return (
                <tr key={classes[i]}>
                  <th scope="row">{nameOf(classes[i])}</th>
                  {row.map((count, j) => (
                    <td
                      key={classes[j]}
                      style={{
                        background: `color-mix(in srgb, var(--accent-${i === j ? 1 : 0}) ${Math.round((70 * count) / Math.max(1, all))}%, transparent)`,
                      }}
                    >
                      {count || ""}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
