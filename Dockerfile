# The scraper's image: Debian's Python 3.13 and Chromium, our locked packages; nothing that builds anything.
#   docker build -t huntaze-onlyfans-scraper .
# Pin the base by digest where an image must be built again bit by bit: --build-arg BASE=debian@sha256:...
ARG BASE=debian:trixie-slim

FROM ${BASE} AS packages
ENV DEBIAN_FRONTEND=noninteractive PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv
WORKDIR /build
RUN python3 -m venv tools && tools/bin/pip install uv==0.13.9
COPY pyproject.toml uv.lock ./
# Exactly what uv.lock names, each file held to its hash, for this platform; wheels alone, so that nothing is compiled.
# No terminal is here: what draws on one is left out.
RUN tools/bin/uv export --frozen --no-dev --no-emit-project --prune typer --prune rich --quiet --output-file requirements.txt \
 && python3 -m venv --without-pip /opt/scraper \
 && tools/bin/pip --python /opt/scraper/bin/python install --require-hashes --only-binary :all: --no-compile \
    --requirement requirements.txt
COPY src/huntaze_scraper /opt/scraper/lib/python3.13/site-packages/huntaze_scraper
RUN find /opt/scraper -name tests -path '*/site-packages/*' -prune -exec rm -rf {} + \
 && python3 -m compileall -q -j 0 /opt/scraper/lib/python3.13/site-packages

FROM ${BASE}
# The headless shell is Chromium without its windows: half the memory and twice as fast to start. Both architectures have it.
ARG CHROMIUM=chromium-headless-shell
# Every script that people write their profiles in, for the screenshots: 44 MB. FreeFont has Arabic, Hebrew, Thai and
# Devanagari, Zen Hei Chinese, Japanese and Korean; scripts/look-at-glyphs.py looks at what is drawn.
ARG FONTS="fonts-dejavu-core fonts-freefont-ttf fonts-wqy-zenhei fonts-noto-color-emoji"
RUN export DEBIAN_FRONTEND=noninteractive \
 && apt-get update \
 && apt-get install -y --no-install-recommends \
    ca-certificates "${CHROMIUM}" ${FONTS} python3 tini \
 && apt-get clean \
 # Chromium draws by itself: Mesa's drivers and their compiler are 200 MB that nothing loads.
 && rm -rf /usr/lib/*-linux-gnu/libLLVM*.so* /usr/lib/*-linux-gnu/libgallium*.so /usr/lib/*-linux-gnu/libz3.so* \
    /usr/lib/*-linux-gnu/dri /usr/lib/chromium/libVkLayer_* \
    /var/lib/apt/lists/* /var/cache/* /var/log/* /usr/share/doc/* /usr/share/man/* /usr/share/locale/* \
 && useradd --system --uid 10001 --create-home --home-dir /home/scraper --shell /usr/sbin/nologin scraper
COPY --from=packages /opt/scraper /opt/scraper
ENV PATH=/opt/scraper/bin:/usr/local/bin:/usr/bin:/bin \
    CHROMIUM_PATH=/usr/bin/chromium-headless-shell \
    PLAYWRIGHT_BROWSERS_PATH=/tmp/browsers \
    NODE_OPTIONS=--max-old-space-size=1024 \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    TINI_VERBOSITY=0 \
    LANG=C.UTF-8
USER scraper
WORKDIR /home/scraper
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "huntaze_scraper.worker.health"]
# An init reaps the processes that Chromium leaves behind; under another one, as on Fargate, that one does, and ours is
# silent about it. It does not ask for them (-s): under QEMU, which runs the arm64 image in CI, it would not start then.
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["python", "-m", "huntaze_scraper.worker"]
