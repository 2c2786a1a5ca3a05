// The dashboard: the studies of a store, while they run and afterwards. The page and its Worker are one script; which of the
// two it is shows in whether there is a document.
import { render } from "preact";
import { followAddress } from "./address.js";
import { begin } from "./model.js";
import { Page } from "./page.js";
import { serve } from "./worker.js";

if (typeof document === "undefined") serve();
else {
  followAddress();
  begin();
  render(<Page />, document.getElementById("page")!);
}
