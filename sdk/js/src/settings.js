// What a tenant configures: the JSON Schema (2020-12) that forms are made of, and its defaults.
//
//     settings: record({
//       greeting: text({ kind: "announcement", default: "welcome" }),
//       attempts: number({ min: 1, max: 10, default: 3 }),
//     })
//
// Names are written in camelCase; tenants and the schema have them in kebab-case.

const kebab = (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const titled = (name) => {
  const words = kebab(name).replaceAll("-", " ");
  return words[0].toUpperCase() + words.slice(1);
};

/** Keys of objects, however deep, in camelCase. */
export function camel(value) {
  if (Array.isArray(value)) return value.map(camel);
  if (value === null || typeof value !== "object") return value;
  const entry = ([name, inner]) => [name.replace(/-./g, (pair) => pair[1].toUpperCase()), camel(inner)];
  return Object.fromEntries(Object.entries(value).map(entry));
}

/** One setting: `type` and `rules` go to the schema before what all of them have. */
class Setting {
  constructor(type, options, rules = {}) {
    this.type = type;
    this.options = options;
    this.rules = rules;
  }

  /** A setting without a default, that may not be left out. */
  get required() {
    return this.options.required === true;
  }

  /** Optional ones may be null. */
  get fallback() {
    return this.options.default ?? (this.options.optional ? null : this.rules.default);
  }

  schema(name) {
    const { optional, help, kind, unit } = this.options;
    const { default: _, ...rules } = this.rules;
    return {
      type: optional ? [this.type, "null"] : this.type,
      ...(name && { title: titled(name) }),
      ...(help && { description: help }),
      ...(kind && { "x-kind": kind }),
      ...(unit && { "x-unit": unit }),
      ...rules,
      ...(!this.required && this.fallback !== undefined && { default: this.fallback }),
    };
  }

  /** With defaults where something is missing. */
  complete(value) {
    return value === undefined ? this.fallback : value;
  }
}

/** A string. Options: default, optional, required, kind, pattern, minLength, maxLength, help. */
export function text(options = {}) {
  const { pattern, minLength, maxLength } = options;
  const rules = { pattern, minLength, maxLength, default: "" };
  for (const name of Object.keys(rules)) if (rules[name] === undefined) delete rules[name];
  return new Setting("string", options, rules);
}

/** A whole number. Options: default, min, max, unit, help. */
export function number(options = {}) {
  const rules = { default: options.min ?? 0 };
  if (options.min !== undefined) rules.minimum = options.min;
  if (options.max !== undefined) rules.maximum = options.max;
  return new Setting("integer", options, rules);
}

/** On or off. */
export function flag(options = {}) {
  return new Setting("boolean", options, { default: false });
}

/** One of these words, the first unless said otherwise. */
export function choice(words, options = {}) {
  return new Setting("string", options, { enum: words, default: words[0] });
}

/** Several of the same. Options: maxItems, help. */
export function list(items, options = {}) {
  const rules = { items: items.schema(), default: [] };
  if (options.maxItems !== undefined) rules.maxItems = options.maxItems;
  const setting = new Setting("array", options, rules);
  setting.complete = (value) => (value ?? []).map((item) => items.complete(item));
  return setting;
}

/** Settings by their names. Options: optional, required, help. */
export function record(fields, options = {}) {
  const entries = Object.entries(fields);
  const each = (make) => Object.fromEntries(entries.map(([name, field]) => [kebab(name), make(field, name)]));
  const required = entries.filter(([, field]) => field.required).map(([name]) => kebab(name));
  const rules = { properties: each((field, name) => field.schema(name)), additionalProperties: false };
  if (required.length > 0) rules.required = required;
  else if (!options.optional) rules.default = each((field) => field.fallback);
  const setting = new Setting("object", options, rules);
  const filled = (value) => each((field, name) => field.complete(value[kebab(name)]));
  setting.complete = (value) => {
    if (value === null || (value === undefined && options.optional)) return null;
    return filled(value ?? {});
  };
  return setting;
}
