using System.Collections;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Messaging.Tests.Support.Servers;

/// <summary>Writes the settings files of a private RabbitMQ and tells the environment that makes it use them and nothing else.</summary>
internal static class RabbitMqEnvironment
{
    /// <summary>Writes the files and returns the variables to set; those of the machine's own RabbitMQ are removed (null).</summary>
    public static Dictionary<string, string?> Write(DataFolder folder, RabbitMqPorts ports, bool management, string? more = null)
    {
        var home = folder.Combine("rabbitmq");
        Directory.CreateDirectory(home);
        var plugins = Path.Combine(home, "enabled_plugins");
        File.WriteAllText(plugins, management ? "[rabbitmq_management].\n" : "[].\n");
        var settings = Path.Combine(home, "rabbitmq.conf");
        File.WriteAllText(settings, $"{Settings(ports, management)}{more}\n");

        var environment = Inherited().ToDictionary(name => name, _ => (string?)null);
        environment[DataFolder.OwnerVariable] = folder.Path;
        environment["HOME"] = home;
        environment["RABBITMQ_NODENAME"] = NodeName(folder);
        environment["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1";
        environment["RABBITMQ_NODE_PORT"] = Text(ports.Amqp);
        environment["RABBITMQ_DIST_PORT"] = Text(ports.Distribution);
        environment["RABBITMQ_MNESIA_BASE"] = Path.Combine(home, "mnesia");
        environment["RABBITMQ_LOG_BASE"] = Path.Combine(home, "log");
        environment["RABBITMQ_CONFIG_FILE"] = settings;
        environment["RABBITMQ_ENABLED_PLUGINS_FILE"] = plugins;
        environment["RABBITMQ_CONF_ENV_FILE"] = "/dev/null";
        // Without this the start script stays in between as a shell that waits: the server itself is to be our child.
        environment["RUNNING_UNDER_SYSTEMD"] = "true";
        environment["ERL_EPMD_PORT"] = Text(ports.Names);
        environment["ERL_EPMD_ADDRESS"] = "127.0.0.1";
        return environment;
    }

    /// <summary>The same name at every start, since the data belongs to the name; another one for every folder.</summary>
    private static string NodeName(DataFolder folder)
        => $"messaging-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(folder.Path)))[..12]}@localhost";

    private static string Settings(RabbitMqPorts ports, bool management)
    {
        var text = new StringBuilder("log.file.level = info\n");
        if (management)
            text.Append(CultureInfo.InvariantCulture, $"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {ports.Management}\n");
        return text.ToString();
    }

    private static IEnumerable<string> Inherited() => Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
        .Select(variable => (string)variable.Key)
        .Where(name => name.StartsWith("RABBITMQ_", StringComparison.Ordinal) || name.StartsWith("ERL_", StringComparison.Ordinal));

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
