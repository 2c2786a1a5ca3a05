// `filigree dashboard`: watches the studies of a store in a browser. What it does is in dashboard.ts, which loads the store and
// the server.
import { Command } from "commander";
import { whole } from "./command.js";

export const DASHBOARD_PORT = 6060;

export function dashboardCommand(): Command {
  return new Command()
    .argument("[store]", "database of studies and results", "filigree.db")
    .option("--port <n>", "where to listen; 0 takes any that is free", whole(0, 65_535), DASHBOARD_PORT)
    .option(
      "--host <address>",
      "let other machines look too, with the token that is printed; 0.0.0.0 for all addresses",
    )
    .option("--open", "open it in the browser")
    .action(async (store, options) => (await import("./dashboard.js")).dashboard(store, options));
}
