// The page works without this file; with it, answers follow the sliders and a class shows progress.
import { startOne } from "./one.js";
import { startClass } from "./class_list.js";

const one = startOne();
startClass((features) => one.show(features));
