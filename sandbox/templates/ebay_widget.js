// The stand-in's Checkout with eBay button: same names and callbacks as eBay's.
(() => {
  const windowUrl = new URL({{ window_url | tojson }});
  class Button {
    constructor({ token, sessionId, paymentActions }) {
      Object.assign(this, { token, sessionId, actions: paymentActions });
    }
    render(selector) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = "Checkout with eBay";
      button.addEventListener("click", () => this.open());
      document.querySelector(selector).append(button);
    }
    open() {
      const url = new URL(windowUrl);
      url.searchParams.set("token", this.token);
      url.searchParams.set("sessionid", this.sessionId);
      url.searchParams.set("origin", location.origin);
      const opened = window.open(url, "_blank", "popup,width=420,height=560");
      if (!opened) { this.actions.onError(new Error("the window was blocked")); return; }
      let told = false;
      const listen = ({ origin, data }) => {
        if (origin !== windowUrl.origin || told || !data.purchaseOrderId) return;
        told = true;
        opened.close();
        this.actions.onSuccess(data);
      };
      addEventListener("message", listen);
      const watch = setInterval(() => {
        if (!opened.closed) return;
        clearInterval(watch);
        removeEventListener("message", listen);
        if (!told) this.actions.onCancel({ sessionid: this.sessionId });
      }, 300);
    }
  }
  window.ebaypay = { Button };
})();
