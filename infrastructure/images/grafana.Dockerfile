# Grafana with this project's dashboards inside. Build context: the repository's root.
ARG BASE_IMAGE=grafana/grafana:11.6.0@sha256:62d2b9d20a19714ebfe48d1bb405086081bc602aa053e28cf6d73c7537640dfb

FROM ${BASE_IMAGE}
COPY monitoring/grafana/provisioning/ /etc/grafana/provisioning/
COPY monitoring/grafana/dashboards/ /var/lib/grafana/dashboards/
USER 472
ENV GF_ANALYTICS_REPORTING_ENABLED=false GF_ANALYTICS_CHECK_FOR_UPDATES=false GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES=false \
    GF_USERS_ALLOW_SIGN_UP=false GF_AUTH_ANONYMOUS_ENABLED=false GF_SECURITY_DISABLE_GRAVATAR=true
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=5 \
    CMD ["wget", "--quiet", "--spider", "http://127.0.0.1:3000/api/health"]
