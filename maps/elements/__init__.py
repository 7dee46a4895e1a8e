"""Our own Folium elements: small Python handles on the JavaScript modules in ``static/js``."""
