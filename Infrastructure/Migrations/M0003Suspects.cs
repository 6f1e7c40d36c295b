using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Messaging.Infrastructure.Migrations;

/// <summary>How often a task's worker died, and how often it alone can have been the reason.</summary>
[DbContext(typeof(MessagingDbContext))]
[Migration("0003_suspects")]
public sealed class M0003Suspects : SqlMigration
{
    /// <inheritdoc/>
    protected override String File => "0003_suspects.sql";
}
