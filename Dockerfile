# Wangge: API and job runner in one image. The build installs what `make setup` installs; nothing is fetched at run time.
FROM python:3.12-slim AS build
WORKDIR /wangge
RUN apt-get update && apt-get install -y --no-install-recommends npm && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml requirements.lock requirements-dev.lock README.md LICENSE ./
COPY setup setup
COPY geo geo
COPY data data
COPY maps maps
COPY api api
ENV NUMBA_CACHE_DIR=/wangge/.cache/numba
RUN bash setup/python.sh requirements.lock && .venv/bin/python setup/assets.py && .venv/bin/python setup/warm.py \
    && .venv/bin/python -m compileall -q -j 0 .venv/lib

FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk && rm -rf /var/lib/apt/lists/*
RUN useradd --system --create-home --uid 10001 wangge
COPY --from=build /wangge /wangge
# Machine code is taken only from a folder that can be written: on another kind of processor it is compiled anew.
COPY --from=build --chown=wangge /wangge/.cache /wangge/.cache
ENV NUMBA_CACHE_DIR=/wangge/.cache/numba
ENV PATH=/wangge/.venv/bin:$PATH WANGGE_HOST=0.0.0.0 WANGGE_PORT=8000 WANGGE_ENVIRONMENT=production
WORKDIR /wangge
USER wangge
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["wangge", "serve"]
