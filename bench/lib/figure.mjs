/** One figure of one run; see report.mjs for the shape. */
export const figure = (name, unit, value, goal) => ({ name, unit, values: [value], ...(goal && { goal }) })
