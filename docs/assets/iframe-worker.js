// Browsers start no worker for a page that was opened as a file, and the search is one: there a hidden frame that runs
// the same script takes its place. Material looks for the name IFrameWorker.
if (location.protocol === "file:") {
  window.IFrameWorker = window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      document.body.append(this.frame);
      window.addEventListener("message", (event) => {
        if (event.source === this.frame.contentWindow) {
          event.stopImmediatePropagation();
          this.dispatchEvent(new MessageEvent("message", { data: event.data }));
        }
      });
      const inside = this.frame.contentDocument;
      inside.open();
      // Written there: what is called from here would come from this window.
      inside.write(
        `<!DOCTYPE html><body><script>
          window.deliver = window.postMessage.bind(window);
          window.postMessage = (data) => parent.postMessage(data, "*");
        </script>`,
      );
      inside.close();
      this.loaded = new Promise((done, failed) => {
        const script = inside.createElement("script");
        script.src = url;
        script.onload = done;
        script.onerror = failed;
        inside.body.append(script);
      });
    }

    postMessage(data) {
      this.loaded.then(() => this.frame.contentWindow.deliver(data, "*"));
    }

    terminate() {
      this.frame.remove();
    }
  };
}
