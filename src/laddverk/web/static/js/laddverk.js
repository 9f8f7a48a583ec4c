/** @file What every page loads. Pages work without it; it only keeps them fresh and quick. */
import "./live-time.js";
import "./copy-button.js";
import "./theme.js";
import "./keys.js";
import "./row-keys.js";
import "./canned.js";
import "./palette.js";
import "./power-chart.js";
import "./charger-map.js";
import "./prepaid-code.js";
import "./notify-button.js";
import "./chat-panel.js";
import "./phone-voice.js";
import "./smaller-photo.js";
import "./in-sight.js";
import "./one-tap.js";
