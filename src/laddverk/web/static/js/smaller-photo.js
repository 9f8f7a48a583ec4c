/**
 * @file Photos are made smaller before they are sent: `input[type=file][data-shrink]`. Without this they are sent as
 * they are. It also leaves out what a phone writes into a photo beside the picture, such as where it was taken.
 */

const SIDE_MAX_PX = 2000;
const QUALITY = 0.85;

async function smaller(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE_MAX_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(bitmap.width * scale);
  canvas.height = Math.round(bitmap.height * scale);
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise(resolve => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  return blob && new File([blob], "photo.jpg", { type: "image/jpeg" });
}

document.addEventListener("change", async event => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || !input.matches("input[type=file][data-shrink]") || !input.files[0]) return;
  const given = input.files[0];
  if (given.name === "photo.jpg") return;
  try {
    const made = await smaller(given);
    if (!made || input.files[0] !== given) return;
    const holder = new DataTransfer();
    holder.items.add(made);
    input.files = holder.files;
  } catch {
    // A picture that this browser cannot read is sent as it is, and the server says what it takes.
  }
});
