-- What Fluent Bit does to each record. CLUSTER, KEPT_APART, DROPPED, SECRET and REDACTED stand before this text.
-- Sources: fluent/fluent-bit-docs, pipeline/filters/lua.md; Lua 5.1 reference manual, 5.4.1 "Patterns"; read 2026-11.

local function redacted(text)
    for _, each in ipairs(REDACTED) do
        text = string.gsub(text, each[1], each[2])
    end
    return text
end

-- In place: an empty list would become a map in a table that is made anew.
local function clean(fields)
    for key, value in pairs(fields) do
        local name = type(key) == "string" and string.lower(key) or ""
        if DROPPED[name] then
            fields[key] = nil
        elseif SECRET[name] then
            fields[key] = "***"
        elseif type(value) == "string" then
            fields[key] = redacted(value)
        elseif type(value) == "table" then
            clean(value)
        end
    end
    return fields
end

local SHORT, DEEP = 32768, 1000

-- Before JSON is read: 5.1.1 reads it by recursion, and a line of 100,000 brackets ends it on the node, at each start.
-- A short line cannot be so deep. A long one is counted: its prompts have to be found, so it is read unless it is deep.
function guard(tag, timestamp, given)
    local log = given.log
    if type(log) ~= "string" or #log <= SHORT or not string.find(log, "^%s*[%[{]") then
        return 0, timestamp, given
    end
    local depth, bare = 0, string.gsub(string.gsub(log, "\\.", ""), '"[^"]*"', "")
    for bracket in string.gmatch(bare, "[%[%]{}]") do
        depth = depth + ((bracket == "[" or bracket == "{") and 1 or -1)
        if depth > DEEP then
            given.log = "left out: " .. #log .. " bytes of JSON, more than " .. DEEP .. " levels deep"
            return 2, timestamp, given
        end
    end
    return 0, timestamp, given
end

-- Fields of the platform come last, so that no program can write that it is of another namespace or team.
function record(tag, timestamp, given)
    local pod = given.kubernetes or {}
    local namespace = (given.kubernetes_namespace or {}).labels or {}
    local owner = (pod.ownerReferences or {})[1] or {}
    local made = type(given.fields) == "table" and given.fields or { log = given.log }
    clean(made)
    made.cluster_name = CLUSTER
    made.namespace = pod.namespace_name
    made.team = namespace["ml-platform/team"]
    made.resource_type = owner.kind and string.lower(owner.kind) or "pod"
    made.pod = pod.pod_name
    made.container = pod.container_name
    made.node = pod.host
    made.stream = given.stream
    made.log_group = KEPT_APART[pod.namespace_name] or "containers"
    return 2, timestamp, made
end
