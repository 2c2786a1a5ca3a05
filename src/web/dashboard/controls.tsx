// Choices of the present view: what is chosen stands in the address.
import { choose, chosen } from "./address.js";

/** A choice among some values. */
export function Choice(props: {
  readonly name: string;
  readonly label: string;
  readonly otherwise: string;
  readonly options: readonly (readonly [value: string, label: string])[];
}) {
  const { name, label, otherwise, options } = props;
  return (
    <label>
      {label}
      <select
        value={chosen(name, otherwise)}
        onChange={({ currentTarget }) => choose({ [name]: currentTarget.value })}
      >
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A choice between yes and no. */
export function Switch({
  name,
  label,
  otherwise = false,
}: {
  name: string;
  label: string;
  otherwise?: boolean;
}) {
  const value = chosen(name, otherwise ? "yes" : "no") === "yes";
  return (
    <label class="switch">
      <input
        type="checkbox"
        checked={value}
        onChange={({ currentTarget }) => choose({ [name]: currentTarget.checked ? "yes" : "no" })}
      />
      {label}
    </label>
  );
}
