// Colours of curves: on the white scan, and on the plot's sheet, which may be dark.  Doubt is the same on both.

const onScan = ["#0b57d0", "#0a7d33", "#8e24aa", "#00707c", "#7a5900", "#c2185b"];
const onDark = ["#8ab4f8", "#7fd495", "#d7a0e8", "#6fd3df", "#e6c56a", "#f59bbb"];

export const isDark = () => {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

export const scanColor = (k) => onScan[k % onScan.length];
export const plotColor = (k) => (isDark() ? onDark : onScan)[k % onScan.length];

/** Half sure, and doubtful; where a curve is sure it has its own colour. */
export const halfSure = () => (isDark() ? "#ffb74d" : "#d97700");
export const doubtful = () => (isDark() ? "#ff6f61" : "#d3131c");

export const dashes = { solid: [], dashed: [7, 4], dotted: [1.5, 3.5] };
