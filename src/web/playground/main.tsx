// The playground: networks that are trained, pruned and looked at in a page. The page and its Worker are one script; which of
// the two it is shows in whether there is a document.
import { render } from "preact";
import { Page } from "./page.js";
import { serve } from "./worker.js";

if (typeof document === "undefined") serve();
else render(<Page />, document.getElementById("page")!);
