"""What people see: Folium pages, our map elements, styles, templates, JavaScript and CSS."""
