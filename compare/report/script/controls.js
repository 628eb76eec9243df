// The controls of a figure: fields with sliders, menus, boxes; their values as one object.

"use strict";

/**
 * Read and write the controls of a form, and call `changed(values)` whenever one of them is used.
 *
 * A number is a field with a name and, beside it, a slider with `data-for` that name, which may be
 * logarithmic (`data-scale="log"`). What is typed counts exactly; what is no number of its range is
 * marked, leaves the value as it was, and a line below that is always there says what is allowed.
 */
function bindControls(form, changed) {
  const fields = [...form.elements].filter((element) => element.name);
  const sliders = new Map([...form.querySelectorAll("[data-for]")].map((slider) => [slider.dataset.for, slider]));
  const notes = new Map(fields.filter(({ type }) => type === "number").map((field) => [field.name, addNote(field)]));
  const values = {};

  function read(field) {
    if (field.type === "checkbox") {
      values[field.name] = field.checked;
    } else if (field.type === "number") {
      const bad = field.value === "" || !field.validity.valid;
      field.setAttribute("aria-invalid", bad);
      notes.get(field.name).textContent = bad ? allowedIn(field) : "";
      if (!bad) {
        values[field.name] = Number(field.value);
      }
    } else {
      values[field.name] = field.value;
    }
  }

  function showOnSlider(name) {
    const slider = sliders.get(name);
    if (slider) {
      slider.value = slider.dataset.scale === "log" ? Math.log10(values[name]) : values[name];
      slider.setAttribute("aria-valuetext", plain(values[name], 4));
    }
  }

  function fromSlider(slider) {
    const field = form.elements[slider.dataset.for];
    const value = slider.dataset.scale === "log" ? 10 ** Number(slider.value) : Number(slider.value);
    write(field, field.step === "1" ? Math.round(value) : Number(value.toPrecision(3)));
  }

  function write(field, value) {
    if (field.type === "checkbox") {
      field.checked = value;
    } else if (field.type === "number") {
      const [low, high] = [Number(field.min), Number(field.max)];
      field.value = Number.isFinite(value) ? Math.min(Math.max(value, low), high) : field.value;
    } else if ([...field.options].some((option) => option.value === value)) {
      field.value = value;
    }
    read(field);
    showOnSlider(field.name);
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (event.target.dataset.for) {
      fromSlider(event.target);
    } else {
      read(event.target);
      showOnSlider(event.target.name);
    }
    changed(values);
  });
  for (const field of fields) {
    read(field);
    showOnSlider(field.name);
  }
  return {
    values,
    field: (name) => form.elements[name],
    /** Write some of the values, as far as they are names of controls, and tell. */
    put(some) {
      for (const [name, value] of Object.entries(some)) {
        const field = fields.find((one) => one.name === name);
        if (field) {
          write(field, field.type === "number" ? Number(value) : field.type === "checkbox" ? isTrue(value) : value);
        }
      }
      changed(values);
    },
  };
}

/** An empty line below a number field, which is read out when something is written into it. */
function addNote(field) {
  const note = document.createElement("small");
  note.className = "allowed";
  note.id = `${field.id}-allowed`;
  note.setAttribute("role", "alert");
  field.setAttribute("aria-describedby", note.id);
  return field.closest(".setting").appendChild(note);
}

/** What a number field takes. */
function allowedIn(field) {
  const [low, high] = [field.min, field.max].map((end) => plain(Number(end), 6));
  return `Allowed: ${field.step === "1" ? "whole numbers, " : ""}${low} to ${high}`;
}

/** Whether a value of a box, or a text that stands for it in an address, is on. */
function isTrue(value) {
  return value === true || value === "true";
}
